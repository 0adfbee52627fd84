"""What earlier bugs taught, kept per project and found again.

facts      what a finished run taught, as sentences
rows       where memories are kept: a protocol; the database implements it
embed      a text as a vector, from its words and their letters, without a model
keywords   BM25 over the memories
store      writing once, and the candidates of a search with both scores
local      the memory on its own
mem0       the same memories through mem0's API
engine     which of the two, by a setting
"""
