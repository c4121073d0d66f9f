// SPDX-License-Identifier: Apache-2.0
/** Tests of the whole. */
@NullMarked
package dev.outboxrelay;

import org.jspecify.annotations.NullMarked;
