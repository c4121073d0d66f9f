// SPDX-License-Identifier: Apache-2.0
/**
 * Messages over TCP and TLS, on Netty: one small group of event loops for all destinations. Each
 * connection belongs to one event loop, and everything that a sink remembers is touched on that
 * loop only; calls from other threads are handed over to it.
 */
@NullMarked
package dev.outboxrelay.sink.tcp;

import org.jspecify.annotations.NullMarked;
