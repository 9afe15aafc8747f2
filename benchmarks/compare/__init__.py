"""Does ``ftk compare`` hold its level, and does it find true differences?"""
