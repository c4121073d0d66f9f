// SPDX-License-Identifier: Apache-2.0
/** Every line of SQL that the relay runs. Knows nothing of sockets. */
@NullMarked
package dev.outboxrelay.store;

import org.jspecify.annotations.NullMarked;
