// SPDX-License-Identifier: Apache-2.0
/** Tests of the values. */
@NullMarked
package dev.outboxrelay.values;

import org.jspecify.annotations.NullMarked;
