#!/bin/sh
# make_venv.sh VENV [PYTHON]: a virtual environment from PYTHON, else from the first suitable Python on the path.
venv=$1
suitable='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'

for python in ${2:-python3 python3.13 python3.12 python3.11 python}; do
    if "$python" -c "$suitable" 2>/dev/null; then
        echo "Making an environment in $venv with $("$python" --version)."
        "$python" -m venv "$venv" && exit 0
        echo "$python cannot make a virtual environment: on Debian and Ubuntu install the package python3-venv, then run make again." >&2
        exit 1
    fi
done

found=$("${2:-python3}" --version 2>&1) || found="no Python"
echo "This course needs Python 3.11, 3.12 or 3.13 and found $found: install one, or name it with 'make PYTHON=/path/to/python lab'." >&2
exit 1
