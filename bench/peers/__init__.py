"""The programs we are measured against, each as its own documentation would write it."""
