// SPDX-License-Identifier: Apache-2.0
/** All transports, each chosen by the scheme of a destination's uri. */
@NullMarked
package dev.outboxrelay.sink.all;

import org.jspecify.annotations.NullMarked;
