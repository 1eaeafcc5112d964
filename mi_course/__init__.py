"""mi-course: learn mechanistic interpretability by doing it. Importing this package imports nothing heavy."""

__version__ = "0.1.0"
