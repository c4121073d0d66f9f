// SPDX-License-Identifier: Apache-2.0
/** NATS JetStream, by its own client library. */
@NullMarked
package dev.outboxrelay.sink.nats;

import org.jspecify.annotations.NullMarked;
