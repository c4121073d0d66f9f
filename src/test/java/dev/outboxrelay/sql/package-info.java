// SPDX-License-Identifier: Apache-2.0
/** What the SQL in {@code db/migration} promises, tried on a real server. */
@NullMarked
package dev.outboxrelay.sql;

import org.jspecify.annotations.NullMarked;
