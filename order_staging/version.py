"""The version of the library; the rules of the data are code, and belong to it."""

VERSION = "0.1.0"
