// SPDX-License-Identifier: Apache-2.0
/** RabbitMQ, by its own client library, which speaks AMQP 0-9-1. */
@NullMarked
package dev.outboxrelay.sink.amqp;

import org.jspecify.annotations.NullMarked;
