// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.outboxrelay.sink.broker;

import org.jspecify.annotations.NullMarked;
