"""`aiopeer load`: many bots call an endpoint that sends back what it hears, and tell how it went.

Each bot sends sound with a mark in it twice a second, and waits for the marks to come back: so the
delay of every mark is known, whatever codec, server and network lie between. `bots` are the calls,
`crowd` lets them come one after the other and measures the process, `echo` is an endpoint to call
where there is no other, in a process of its own, `report` says what it comes to, `command` is what
the command does.
"""
