// SPDX-License-Identifier: Apache-2.0
/**
 * A small HTTP server for health and metrics, made for clients that nobody knows: whatever they
 * send, or leave unsent, takes bounded time, memory and connections. Knows nothing of what it
 * serves.
 *
 * <p>One event loop serves all connections; what a connection remembers is touched on that loop
 * only. What may block runs on a thread beside it.
 */
@NullMarked
package dev.outboxrelay.http;

import org.jspecify.annotations.NullMarked;
