"""Chapter 0: what is mechanistic. The methods of the chapter, one file each."""
