// SPDX-License-Identifier: Apache-2.0
/** Tests of a destination's connection, without a network. */
@NullMarked
package dev.outboxrelay.relay.delivery;

import org.jspecify.annotations.NullMarked;
