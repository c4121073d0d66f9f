#!/bin/sh
# Started by xinetd for each connection: appends every message to a file and acknowledges it.
while IFS= read -r line; do
  printf '%s\n' "$line" >> "${MESSAGES:-/tmp/messages.ndjson}" || exit 1
  id=${line#'{"id":"'}
  printf '{"ack":"%s"}\n' "${id%%\"*}"
done
