// SPDX-License-Identifier: Apache-2.0
/** The receivers under examples/, run as the programs that they are. */
@NullMarked
package dev.outboxrelay.examples;

import org.jspecify.annotations.NullMarked;
