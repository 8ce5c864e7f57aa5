"""A plugin with which the AWS CLI stays loaded, and then runs each command in a fork of itself.

Loading takes a second of CPU time, a command a tenth of that. In the folder $PRELOADED_AWS, this process writes a program `aws`. The
program sends its arguments, environment, working directory and standard streams to this process, and ends with the fork's exit code.
"""

import json
import os
import select
import shutil
import signal
import socket
import sys

import awscli.clidriver

CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [b'['], [0, 1, 2])
    server.sendall(json.dumps([sys.argv, dict(os.environ), os.getcwd()])[1:].encode() + b'\\n')
    sys.exit(int(server.recv(16)))
"""


def awscli_initialize(_event_hooks):
    """Called by the AWS CLI when it has imported everything. Serves until standard input ends, and removes the folder."""
    folder = os.environ['PRELOADED_AWS']
    address = os.path.join(folder, 'socket')
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        with open(os.path.join(folder, 'aws'), 'w', opener=lambda *file: os.open(*file, 0o700)) as client:
            client.write(CLIENT.format(python=sys.executable, address=address))
        print('ready', flush=True)
        # Forks that have ended leave no zombies.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while server in select.select([server, sys.stdin], [], [])[0]:
            connection, _ = server.accept()
            with connection:
                if os.fork() == 0:
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    answer(connection)
    shutil.rmtree(folder)
    os._exit(0)


def answer(connection):
    """Runs one command in a fork, which ends like every AWS CLI. Never returns in this process."""
    request, streams, *_ = socket.recv_fds(connection, 65536, 3)
    while not request.endswith(b'\n'):
        request += connection.recv(65536)
    command = os.fork()
    if command != 0:
        _, status = os.waitpid(command, 0)
        connection.sendall(str(os.waitstatus_to_exitcode(status) % 256).encode())
        os._exit(0)
    connection.close()
    for stream, descriptor in enumerate(streams):
        os.dup2(descriptor, stream)
        os.close(descriptor)
    sys.argv, environment, folder = json.loads(request)
    # awscli sets it when it is imported.
    environment['AWS_DATA_PATH'] = os.environ['AWS_DATA_PATH']
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.exit(awscli.clidriver.main())
