"""The vocabulary that all layers share: frozen values, made valid on construction; standard library only."""
