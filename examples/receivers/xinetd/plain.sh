#!/bin/sh
# Started by xinetd for each connection: appends what arrives to a file, never answers.
exec cat >> "${MESSAGES:-/tmp/messages.ndjson}"
