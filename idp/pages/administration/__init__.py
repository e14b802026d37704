"""The administration pages under ``/admin``: the same desks as the API, in the compact mode of the kit.

Staff sign in as anywhere else; looking takes level 3, changing takes a sign-in of the last quarter of an hour besides.
Every change has a page that asks first. Nothing here needs scripts, and nothing here decides who may do what.
"""
