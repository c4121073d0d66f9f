// SPDX-License-Identifier: Apache-2.0
/** How a change is written: one class a format. Knows neither the database nor sockets. */
@NullMarked
package dev.outboxrelay.format;

import org.jspecify.annotations.NullMarked;
