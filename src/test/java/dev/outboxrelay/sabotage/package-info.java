// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.outboxrelay.sabotage;

import org.jspecify.annotations.NullMarked;
