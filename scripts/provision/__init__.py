"""Real parts for tests, benchmarks and the quickstart, out of Debian's and Python's packages.

No image registry and no download site is needed. Rows import only from rows below:

    cli                                   the commands
    quickstart                            an engine and a registry for one's own first steps
    stack                                 everything that the tests need, in one state folder
    teardown                              stop what a state folder records
    engine  buildkitd  registry  images   one module per kind of part
    binaries  buildkit_source             what is downloaded, unpacked and compiled
    apt  certificates  cache  processes   packages, keys, folders, daemons
    report                                progress and errors
"""
