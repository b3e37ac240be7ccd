"""A video call between a web page and a Python bot, in one process.

python -m demos.call
"""
