"""What files are made of, beneath any format: HDF5, MATLAB, pickles, C3D, tables of text.

Everything is checked before it is believed: sizes, types, places. Nothing is ever run.
"""
