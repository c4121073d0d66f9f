// SPDX-License-Identifier: Apache-2.0
/**
 * What the transports to message brokers have in common: a client library, which blocks, is called
 * on a thread of its own for each cluster, and shared by all destinations on it.
 */
@NullMarked
package dev.outboxrelay.sink.broker;

import org.jspecify.annotations.NullMarked;
