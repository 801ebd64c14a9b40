"""`doctor`: is everything there that the system needs, on this machine and at the gateway, and what to do where not.

Functions that judge take values and return findings; what looks (files, ports, the gateway) is beside them or in
`connection`, `limited_transport` and `broker_look`.
"""
