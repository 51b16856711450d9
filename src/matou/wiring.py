"""Puts the objects together: the only module that knows them all."""
