// SPDX-License-Identifier: Apache-2.0
/** The documentation is read, run and compared with the product. */
@NullMarked
package dev.outboxrelay.docs;

import org.jspecify.annotations.NullMarked;
