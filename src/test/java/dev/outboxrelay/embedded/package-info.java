// SPDX-License-Identifier: Apache-2.0
/** Tests of the embedded PostgreSQL. */
@NullMarked
package dev.outboxrelay.embedded;

import org.jspecify.annotations.NullMarked;
