"""Files whose tokens have tags, and those of annotation layers over tokens: files -> rows."""
