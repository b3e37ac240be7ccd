"""Our side against every other implementation that can be had here: `aiopeer interop`.

A `Party` is another implementation; a `Scenario` is what is done in a call with it, whoever offers.
A cell of the matrix is one of each, and who offers: it works, or it fails, or it cannot work
because the party breaks a standard (`limits`), which is looked for in the call's trace each time.
"""
