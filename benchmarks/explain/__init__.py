"""Whether the words that `ftk explain` names are those that predictions rest on."""
