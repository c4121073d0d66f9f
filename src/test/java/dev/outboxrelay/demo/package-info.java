// SPDX-License-Identifier: Apache-2.0
/** Tests of the demonstration. */
@NullMarked
package dev.outboxrelay.demo;

import org.jspecify.annotations.NullMarked;
