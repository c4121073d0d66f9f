// SPDX-License-Identifier: Apache-2.0
/** Which destinations are this relay's, in which database. */
@NullMarked
package dev.outboxrelay.relay.ownership;

import org.jspecify.annotations.NullMarked;
