// SPDX-License-Identifier: Apache-2.0
/** Kafka, by its own client library. */
@NullMarked
package dev.outboxrelay.sink.kafka;

import org.jspecify.annotations.NullMarked;
