// SPDX-License-Identifier: Apache-2.0
/** One destination: the lane conducts its connection and its backlog. */
@NullMarked
package dev.outboxrelay.relay.lane;

import org.jspecify.annotations.NullMarked;
