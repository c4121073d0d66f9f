/**
 * The engine: ownership, windows, doorbells, order by key, retries. Knows neither SQL nor sockets.
 * One thread, the core, owns all state; everything else hands it events. See
 * docs/internals/threads.md.
 */
@NullMarked
package dev.outboxrelay.relay;

import org.jspecify.annotations.NullMarked;
