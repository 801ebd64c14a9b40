"""What people are told away from the pages: what is news in the stored rows, when it is told, in which words."""
