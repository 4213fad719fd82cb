"""Files that people attach: what is accepted, where it lies, how it comes in and goes out.

Import the part that you need: `limits` costs nothing, `kinds` loads the readers of images and PDFs.
"""
