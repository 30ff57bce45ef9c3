"""Where pictures to annotate come from: a folder, a ZIP, a CSV of files, COCO; pure."""
