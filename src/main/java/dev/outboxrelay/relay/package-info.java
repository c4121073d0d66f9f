// SPDX-License-Identifier: Apache-2.0
/**
 * The engine: ownership, windows, doorbells, order by key, retries. Knows neither SQL nor sockets.
 * The core owns all state and runs one task at a time, each on the thread that brings it;
 * everything else hands it tasks. See docs/internals/architecture.md and docs/internals/threads.md.
 */
@NullMarked
package dev.outboxrelay.relay;

import org.jspecify.annotations.NullMarked;
