@NullMarked
package dev.outboxrelay.relay.lane;

import org.jspecify.annotations.NullMarked;
