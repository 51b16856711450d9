"""CODING (coding.net): the Open API as the vendor documents it, and as it answers."""
