# This file is made by Carebridge and may be deleted at any time.
from sim.kernel.jit import strict_called as called, strict_compiled as compiled, strict_rule as rule
# Generated from the stock-flow model 'care system'; the same model always gives the same text.
import math

import numpy as np



@rule
def _exp(x):
    if x > 709.78:
        raise ValueError("exponential too large")
    return math.exp(x)


@rule
def _power(x, n):
    if x < 0.0 and n != math.floor(n):
        raise ValueError("power without a result")
    if x == 0.0 and n < 0.0:
        raise ValueError("power without a result")
    return x**n


@rule
def _floor(x):
    return math.floor(x) * 1.0 if abs(x) < 9007199254740992.0 else x  # beyond 2^53 all numbers are whole


@rule
def _integer(x):
    return _floor(x) if x >= 0.0 else -_floor(-x)


@rule
def _modulo(x, base):
    return x - base * _integer(x / base)


@rule
def _xidz(x, y, otherwise):
    return otherwise if abs(y) < 1e-6 else x / y



@called
def start(y, x, p, b, c):
    """Give stocks and memories their initial values; returns the size that the buffers need."""
    dt = c[1]
    t = c[0]
    middle = t + 0.5 * dt
    before = t - dt + 0.5 * dt
    used = 0
    for i_site in range(4):
        for i_group in range(2):
            x[286 + 2 * i_site + i_group] = (p[52 + i_site] * p[100 + i_group])
    for i_site in range(4):
        y[24 + i_site] = 0.0
        if y[24 + i_site] < 0.0:
            raise ValueError("a stock begins below nought")
    for i_site in range(4):
        for i_group in range(2):
            y[28 + 2 * i_site + i_group] = 0.0
            if y[28 + 2 * i_site + i_group] < 0.0:
                raise ValueError("a stock begins below nought")
    for i_site in range(4):
        x[520 + i_site] = p[27 + i_site]
    for i_group in range(2):
        for i_site in range(4):
            x[548 + 4 * i_group + i_site] = 0.0
    x[326] = (p[64] + p[65])
    x[327] = (p[67] + p[68])
    x[328] = (p[70] + p[71])
    x[329] = (p[73] + p[74])
    for i_site in range(4):
        x[256 + i_site] = max(0.0, (p[52 + i_site] - p[60 + i_site]))
    for i_site in range(4):
        for i_group in range(2):
            y[2 * i_site + i_group] = (x[286 + 2 * i_site + i_group] * (1.0 - p[104 + i_group]))
            if y[2 * i_site + i_group] < 0.0:
                raise ValueError("a stock begins below nought")
    for i_site in range(4):
        n1 = p[33]
        if not 1.0 * dt <= n1 * 1.000000001:
            raise ValueError("a delay is too short for the step")
        for stage in range(1):
            y[36 + 1 * (i_site) + stage] = x[520 + i_site]
    for i_group in range(2):
        for i_site in range(4):
            n2 = p[139]
            if not 3.0 * dt <= n2 * 1.000000001:
                raise ValueError("a delay is too short for the step")
            for stage in range(3):
                y[80 + 3 * (4 * i_group + i_site) + stage] = x[548 + 4 * i_group + i_site] * n2 / 3.0
    for i_site in range(4):
        for i_group in range(2):
            x[370 + 2 * i_site + i_group] = (x[326 + i_site] * p[129 + i_group])
    for i_site in range(4):
        for i_group in range(2):
            x[294 + 2 * i_site + i_group] = (x[256 + i_site] * p[100 + i_group])
    for i_site in range(4):
        for i_group in range(2):
            y[8 + 2 * i_site + i_group] = (x[370 + 2 * i_site + i_group] * (1.0 - p[104 + i_group]))
            if y[8 + 2 * i_site + i_group] < 0.0:
                raise ValueError("a stock begins below nought")
    for i_site in range(4):
        for i_group in range(2):
            x[402 + 2 * i_site + i_group] = ((((((x[286 + 2 * i_site + i_group] + x[370 + 2 * i_site + i_group]) * (1.0 - p[102 + i_group])) * p[106 + i_group]) / p[26]) * p[108 + i_group]) / (1.0 - p[112 + i_group]))
    for i_site in range(4):
        for i_group in range(2):
            x[302 + 2 * i_site + i_group] = max(0.0, (x[294 + 2 * i_site + i_group] - y[2 * i_site + i_group]))
    for i_site in range(4):
        for i_group in range(2):
            y[16 + 2 * i_site + i_group] = (x[402 + 2 * i_site + i_group] * p[110 + i_group])
            if y[16 + 2 * i_site + i_group] < 0.0:
                raise ValueError("a stock begins below nought")
    for i_group in range(2):
        for i_site in range(4):
            x[524 + 4 * i_group + i_site] = x[402 + 2 * i_site + i_group]
    for i_group in range(2):
        for i_site in range(4):
            x[532 + 4 * i_group + i_site] = min((p[131] * x[302 + 2 * i_site + i_group]), (p[132] * x[294 + 2 * i_site + i_group]))
    for i_site in range(4):
        for i_group in range(2):
            x[440 + 2 * i_site + i_group] = min((p[133] * x[302 + 2 * i_site + i_group]), (p[134] * x[294 + 2 * i_site + i_group]))
    for i_group in range(2):
        for i_site in range(4):
            n3 = p[110 + i_group]
            if not 3.0 * dt <= n3 * 1.000000001:
                raise ValueError("a delay is too short for the step")
            for stage in range(3):
                y[40 + 3 * (4 * i_group + i_site) + stage] = x[524 + 4 * i_group + i_site] * n3 / 3.0
    for i_group in range(2):
        for i_site in range(4):
            n4 = p[135]
            if not 1.0 * dt <= n4 * 1.000000001:
                raise ValueError("a delay is too short for the step")
            for stage in range(1):
                y[64 + 1 * (4 * i_group + i_site) + stage] = x[532 + 4 * i_group + i_site]
    for i_group in range(2):
        for i_site in range(4):
            x[540 + 4 * i_group + i_site] = min((x[440 + 2 * i_site + i_group] * p[137]), x[302 + 2 * i_site + i_group])
    for i_group in range(2):
        for i_site in range(4):
            n5 = p[135]
            if not 1.0 * dt <= n5 * 1.000000001:
                raise ValueError("a delay is too short for the step")
            for stage in range(1):
                y[72 + 1 * (4 * i_group + i_site) + stage] = x[540 + 4 * i_group + i_site]
    return used


@called
def advance(y, x, p, b, w, c, out, k, last, row, every, stages):
    """Go from step k to step last, writing rows; the last step is looked at but not carried further."""
    t0 = c[0]
    dt = c[1]
    p_16 = p[16]
    p_17 = p[17]
    p_18 = p[18]
    p_19 = p[19]
    p_20 = p[20]
    p_21 = p[21]
    p_26 = p[26]
    p_31 = p[31]
    p_32 = p[32]
    p_33 = p[33]
    p_34 = p[34]
    p_35 = p[35]
    p_64 = p[64]
    p_65 = p[65]
    p_67 = p[67]
    p_68 = p[68]
    p_70 = p[70]
    p_71 = p[71]
    p_73 = p[73]
    p_74 = p[74]
    p_114 = p[114]
    p_115 = p[115]
    p_116 = p[116]
    p_131 = p[131]
    p_132 = p[132]
    p_133 = p[133]
    p_134 = p[134]
    p_135 = p[135]
    p_136 = p[136]
    p_137 = p[137]
    p_138 = p[138]
    p_139 = p[139]
    p_140 = p[140]
    while True:
        for stage in range(stages):
            tk = t0 + k * dt
            middle = tk + 0.5 * dt
            before = t0 + (k - 1) * dt + 0.5 * dt
            t = tk if stage == 0 else (middle if stage < 3 else t0 + (k + 1) * dt)
            for i_site in range(4):
                for i_group in range(2):
                    x[40 + 2 * i_site + i_group] = max(0.0, ((y[2 * i_site + i_group] * p[106 + i_group]) / p_26))
            for i_group in range(2):
                x[284 + i_group] = ((((1.0 - p[108 + i_group]) * p[106 + i_group]) * (1.0 - p[102 + i_group])) / p[102 + i_group])
            for i_site in range(4):
                for i_group in range(2):
                    x[88 + 2 * i_site + i_group] = max(0.0, ((y[8 + 2 * i_site + i_group] * p[106 + i_group]) / p_26))
            v_day_of_year = _modulo((t + p_20), p_19)
            v_trend_now = _exp(((p_21 * (t - c[0])) / p_26))
            for i_site in range(4):
                x[220 + i_site] = ((p[141 + i_site] + p[145 + i_site]) / max(p[149 + i_site], p_31))
            for i_site in range(4):
                x[520 + i_site] = y[36 + 1 * (i_site) + 0]
            for i_site in range(4):
                x[244 + i_site] = (p[27 + i_site] * p[56 + i_site])
            for i_site in range(4):
                x[256 + i_site] = max(0.0, (p[52 + i_site] - p[60 + i_site]))
            for i_service in range(12):
                x[260 + i_service] = max(0.0, ((p[64 + i_service] + p[88 + i_service]) - p[76 + i_service]))
            for i_site in range(4):
                for i_group in range(2):
                    x[286 + 2 * i_site + i_group] = (p[52 + i_site] * p[100 + i_group])
            for i_service in range(12):
                x[310 + i_service] = max(0.0, ((p[64 + i_service] + max(p[88 + i_service], p[117 + i_service])) - p[76 + i_service]))
            x[326] = (p_64 + p_65)
            x[327] = (p_67 + p_68)
            x[328] = (p_70 + p_71)
            x[329] = (p_73 + p_74)
            for i_site in range(4):
                for i_group in range(2):
                    x[338 + 2 * i_site + i_group] = (y[8 + 2 * i_site + i_group] / (p[129 + i_group] * (1.0 - p[102 + i_group])))
            x[360] = 1.0
            x[363] = 1.0
            x[366] = 1.0
            x[369] = 1.0
            for i_group in range(2):
                for i_site in range(4):
                    n1 = p[110 + i_group]
                    x[524 + 4 * i_group + i_site] = y[40 + 3 * (4 * i_group + i_site) + 2] * 3.0 / n1
            for i_group in range(2):
                x[426 + i_group] = min((p_131 * p[102 + i_group]), p_132)
            for i_group in range(2):
                x[428 + i_group] = min((p_133 * p[102 + i_group]), p_134)
            for i_group in range(2):
                for i_site in range(4):
                    x[532 + 4 * i_group + i_site] = y[64 + 1 * (4 * i_group + i_site) + 0]
            for i_group in range(2):
                for i_site in range(4):
                    x[540 + 4 * i_group + i_site] = y[72 + 1 * (4 * i_group + i_site) + 0]
            for i_group in range(2):
                for i_site in range(4):
                    n2 = p_139
                    x[548 + 4 * i_group + i_site] = y[80 + 3 * (4 * i_group + i_site) + 2] * 3.0 / n2
            for i_site in range(4):
                for i_group in range(2):
                    n3 = x[88 + 2 * i_site + i_group]
                    n4 = 0.99999999999999 * max(0.0, y[8 + 2 * i_site + i_group] - 1e-200) / dt
                    x[8 + 2 * i_site + i_group] = n4 / n3 if n3 > n4 else 1.0
            for i_site in range(4):
                x[216 + i_site] = (p[i_site] if (v_day_of_year < p_16) else (p[4 + i_site] if (v_day_of_year < p_17) else (p[8 + i_site] if (v_day_of_year < p_18) else p[12 + i_site])))
            for i_ward in range(4):
                x[240 + i_ward] = (p[36 + i_ward] if (v_day_of_year < p_16) else (p[40 + i_ward] if (v_day_of_year < p_17) else (p[44 + i_ward] if (v_day_of_year < p_18) else p[48 + i_ward])))
            for i_site in range(4):
                x[224 + i_site] = (x[220 + i_site] / p[27 + i_site])
            for i_site in range(4):
                x[228 + i_site] = x[520 + i_site]
            for i_site in range(4):
                for i_group in range(2):
                    x[294 + 2 * i_site + i_group] = (x[256 + i_site] * p[100 + i_group])
            for i_service in range(12):
                x[272 + i_service] = min(x[260 + i_service], max(0.0, (p[64 + i_service] - p[76 + i_service])))
            x[330] = (x[260] + x[261])
            x[331] = (x[263] + x[264])
            x[332] = (x[266] + x[267])
            x[333] = (x[269] + x[270])
            x[510] = x[262]
            x[513] = x[265]
            x[516] = x[268]
            x[519] = x[271]
            x[322] = (x[310] + x[311])
            x[323] = (x[313] + x[314])
            x[324] = (x[316] + x[317])
            x[325] = (x[319] + x[320])
            for i_site in range(4):
                for i_group in range(2):
                    x[370 + 2 * i_site + i_group] = (x[326 + i_site] * p[129 + i_group])
            for i_site in range(4):
                n5 = math.inf
                for i_group_2 in range(2):
                    n5 = min(n5, x[338 + 2 * i_site + i_group_2])
                x[346 + i_site] = n5
            for i_site in range(4):
                for i_group in range(2):
                    x[410 + 2 * i_site + i_group] = x[524 + 4 * i_group + i_site]
            for i_group in range(2):
                x[430 + i_group] = (x[426 + i_group] + x[428 + i_group])
            for i_site in range(4):
                for i_group in range(2):
                    x[432 + 2 * i_site + i_group] = x[532 + 4 * i_group + i_site]
            for i_site in range(4):
                for i_group in range(2):
                    x[448 + 2 * i_site + i_group] = x[540 + 4 * i_group + i_site]
            for i_site in range(4):
                for i_group in range(2):
                    x[492 + 2 * i_site + i_group] = x[548 + 4 * i_group + i_site]
            for i_site in range(4):
                for i_group in range(2):
                    x[80 + 2 * i_site + i_group] = x[88 + 2 * i_site + i_group] * x[8 + 2 * i_site + i_group]
            x[248] = x[240]
            x[249] = x[241]
            x[250] = x[242]
            x[251] = x[243]
            for i_site in range(4):
                x[232 + i_site] = min(p_35, max(p_34, _power((x[228 + i_site] / p[27 + i_site]), (-p_32))))
            for i_site in range(4):
                for i_group in range(2):
                    x[302 + 2 * i_site + i_group] = max(0.0, (x[294 + 2 * i_site + i_group] - y[2 * i_site + i_group]))
            for i_site in range(4):
                for i_group in range(2):
                    x[476 + 2 * i_site + i_group] = max(0.0, (y[2 * i_site + i_group] - (x[294 + 2 * i_site + i_group] * (1.0 - p[102 + i_group]))))
            x[334] = (x[272] + x[273])
            x[335] = (x[275] + x[276])
            x[336] = (x[278] + x[279])
            x[337] = (x[281] + x[282])
            for i_site in range(4):
                for i_group in range(2):
                    x[378 + 2 * i_site + i_group] = (x[322 + i_site] * p[129 + i_group])
            for i_site in range(4):
                for i_group in range(2):
                    x[402 + 2 * i_site + i_group] = ((((((x[286 + 2 * i_site + i_group] + x[370 + 2 * i_site + i_group]) * (1.0 - p[102 + i_group])) * p[106 + i_group]) / p_26) * p[108 + i_group]) / (1.0 - p[112 + i_group]))
            for i_site in range(4):
                for i_group in range(2):
                    x[152 + 2 * i_site + i_group] = max(0.0, (x[410 + 2 * i_site + i_group] * p[112 + i_group]))
            for i_site in range(4):
                for i_group in range(2):
                    x[418 + 2 * i_site + i_group] = (x[410 + 2 * i_site + i_group] * (1.0 - p[112 + i_group]))
            for i_site in range(4):
                n6 = 0.0
                for i_group_2 in range(2):
                    n6 = n6 + x[448 + 2 * i_site + i_group_2]
                x[164 + i_site] = max(0.0, ((n6 * p_136) / p_26))
            for i_site in range(4):
                for i_group in range(2):
                    x[456 + 2 * i_site + i_group] = ((y[2 * i_site + i_group] + x[432 + 2 * i_site + i_group]) + x[448 + 2 * i_site + i_group])
            for i_site in range(4):
                for i_group in range(2):
                    x[192 + 2 * i_site + i_group] = max(0.0, (x[492 + 2 * i_site + i_group] * p_140))
            for i_site in range(4):
                for i_group in range(2):
                    x[208 + 2 * i_site + i_group] = max(0.0, (x[492 + 2 * i_site + i_group] * (1.0 - p_140)))
            for i_site in range(4):
                x[252 + i_site] = max(0.0, (x[248 + i_site] - p[60 + i_site]))
            for i_site in range(4):
                x[236 + i_site] = (((x[216 + i_site] * v_trend_now) * p[22 + i_site]) * x[232 + i_site])
            for i_site in range(4):
                for i_group in range(2):
                    x[56 + 2 * i_site + i_group] = max(0.0, (((x[302 + 2 * i_site + i_group] * x[284 + i_group]) / p_26) * p_116))
            for i_site in range(4):
                for i_group in range(2):
                    x[440 + 2 * i_site + i_group] = min((p_133 * x[302 + 2 * i_site + i_group]), (p_134 * x[294 + 2 * i_site + i_group]))
            for i_site in range(4):
                x[350 + i_site] = min(1.0, _xidz(x[346 + i_site], x[334 + i_site], 1.0))
            for i_site in range(4):
                x[354 + i_site] = min(1.0, _xidz(max(0.0, (x[346 + i_site] - x[334 + i_site])), (x[330 + i_site] - x[334 + i_site]), 0.0))
            for i_site in range(4):
                for i_group in range(2):
                    x[386 + 2 * i_site + i_group] = max(0.0, (x[378 + 2 * i_site + i_group] - y[8 + 2 * i_site + i_group]))
            for i_site in range(4):
                for i_group in range(2):
                    x[394 + 2 * i_site + i_group] = (x[294 + 2 * i_site + i_group] + x[378 + 2 * i_site + i_group])
            for i_site in range(4):
                for i_group in range(2):
                    x[484 + 2 * i_site + i_group] = max(0.0, (((x[378 + 2 * i_site + i_group] * (1.0 - p[102 + i_group])) - y[8 + 2 * i_site + i_group]) - y[28 + 2 * i_site + i_group]))
            for i_site in range(4):
                for i_group in range(2):
                    x[136 + 2 * i_site + i_group] = max(0.0, (x[402 + 2 * i_site + i_group] * p_115))
            for i_site in range(4):
                x[160 + i_site] = x[164 + i_site]
            for i_site in range(4):
                for i_group in range(2):
                    x[464 + 2 * i_site + i_group] = (x[456 + 2 * i_site + i_group] / ((p[100 + i_group] * ((1.0 - p[102 + i_group]) + x[430 + i_group])) * p_114))
            for i_site in range(4):
                for i_group in range(2):
                    n7 = x[192 + 2 * i_site + i_group] + x[208 + 2 * i_site + i_group]
                    n8 = 0.99999999999999 * max(0.0, y[28 + 2 * i_site + i_group] - 1e-200) / dt
                    x[24 + 2 * i_site + i_group] = n8 / n7 if n7 > n8 else 1.0
            for i_site in range(4):
                for i_group in range(2):
                    x[48 + 2 * i_site + i_group] = x[56 + 2 * i_site + i_group]
            x[358] = _xidz(((x[272] * x[350]) + ((x[260] - x[272]) * x[354])), x[260], 1.0)
            x[359] = _xidz(((x[273] * x[350]) + ((x[261] - x[273]) * x[354])), x[261], 1.0)
            x[361] = _xidz(((x[275] * x[351]) + ((x[263] - x[275]) * x[355])), x[263], 1.0)
            x[362] = _xidz(((x[276] * x[351]) + ((x[264] - x[276]) * x[355])), x[264], 1.0)
            x[364] = _xidz(((x[278] * x[352]) + ((x[266] - x[278]) * x[356])), x[266], 1.0)
            x[365] = _xidz(((x[279] * x[352]) + ((x[267] - x[279]) * x[356])), x[267], 1.0)
            x[367] = _xidz(((x[281] * x[353]) + ((x[269] - x[281]) * x[357])), x[269], 1.0)
            x[368] = _xidz(((x[282] * x[353]) + ((x[270] - x[282]) * x[357])), x[270], 1.0)
            for i_site in range(4):
                for i_group in range(2):
                    x[104 + 2 * i_site + i_group] = max(0.0, (((x[386 + 2 * i_site + i_group] * x[284 + i_group]) / p_26) * p_116))
            for i_site in range(4):
                for i_group in range(2):
                    x[72 + 2 * i_site + i_group] = max(0.0, (x[418 + 2 * i_site + i_group] * _xidz(x[294 + 2 * i_site + i_group], x[394 + 2 * i_site + i_group], 0.0)))
            for i_site in range(4):
                for i_group in range(2):
                    x[120 + 2 * i_site + i_group] = max(0.0, (x[418 + 2 * i_site + i_group] * _xidz(x[378 + 2 * i_site + i_group], x[394 + 2 * i_site + i_group], 0.0)))
            for i_site in range(4):
                for i_group in range(2):
                    x[176 + 2 * i_site + i_group] = max(0.0, (min(x[476 + 2 * i_site + i_group], x[484 + 2 * i_site + i_group]) / p_138))
            for i_site in range(4):
                for i_group in range(2):
                    x[128 + 2 * i_site + i_group] = x[136 + 2 * i_site + i_group]
            for i_site in range(4):
                n9 = math.inf
                for i_group_2 in range(2):
                    n9 = min(n9, x[464 + 2 * i_site + i_group_2])
                x[472 + i_site] = n9
            for i_site in range(4):
                for i_group in range(2):
                    x[184 + 2 * i_site + i_group] = x[192 + 2 * i_site + i_group] * x[24 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    x[200 + 2 * i_site + i_group] = x[208 + 2 * i_site + i_group] * x[24 + 2 * i_site + i_group]
            x[508] = (x[260] * x[358])
            x[509] = (x[261] * x[359])
            x[511] = (x[263] * x[361])
            x[512] = (x[264] * x[362])
            x[514] = (x[266] * x[364])
            x[515] = (x[267] * x[365])
            x[517] = (x[269] * x[367])
            x[518] = (x[270] * x[368])
            for i_site in range(4):
                for i_group in range(2):
                    x[96 + 2 * i_site + i_group] = x[104 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    n10 = x[72 + 2 * i_site + i_group] + x[120 + 2 * i_site + i_group] + x[152 + 2 * i_site + i_group]
                    n11 = 0.99999999999999 * max(0.0, y[16 + 2 * i_site + i_group] - 1e-200) / dt
                    x[16 + 2 * i_site + i_group] = n11 / n10 if n10 > n11 else 1.0
            for i_site in range(4):
                for i_group in range(2):
                    n12 = x[40 + 2 * i_site + i_group] + x[176 + 2 * i_site + i_group]
                    n13 = 0.99999999999999 * max(0.0, y[2 * i_site + i_group] - 1e-200) / dt
                    x[2 * i_site + i_group] = n13 / n12 if n12 > n13 else 1.0
            for i_site in range(4):
                x[500 + i_site] = min(x[252 + i_site], x[472 + i_site])
            for i_site in range(4):
                for i_group in range(2):
                    x[64 + 2 * i_site + i_group] = x[72 + 2 * i_site + i_group] * x[16 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    x[112 + 2 * i_site + i_group] = x[120 + 2 * i_site + i_group] * x[16 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    x[144 + 2 * i_site + i_group] = x[152 + 2 * i_site + i_group] * x[16 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    x[32 + 2 * i_site + i_group] = x[40 + 2 * i_site + i_group] * x[2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    x[168 + 2 * i_site + i_group] = x[176 + 2 * i_site + i_group] * x[2 * i_site + i_group]
            x[504] = _xidz((x[240] * x[500]), x[248], 0.0)
            x[505] = _xidz((x[241] * x[501]), x[249], 0.0)
            x[506] = _xidz((x[242] * x[502]), x[250], 0.0)
            x[507] = _xidz((x[243] * x[503]), x[251], 0.0)
            if stage == 0:
                if k % every == 0 or k == last:
                    for i_site in range(4):
                        out[row, 0 + i_site] = p[i_site]
                    for i_site in range(4):
                        out[row, 4 + i_site] = p[4 + i_site]
                    for i_site in range(4):
                        out[row, 8 + i_site] = p[8 + i_site]
                    for i_site in range(4):
                        out[row, 12 + i_site] = p[12 + i_site]
                    out[row, 16] = p_16
                    out[row, 17] = p_17
                    out[row, 18] = p_18
                    out[row, 19] = p_19
                    out[row, 20] = p_20
                    out[row, 21] = p_21
                    for i_site in range(4):
                        out[row, 22 + i_site] = p[22 + i_site]
                    out[row, 26] = p_26
                    for i_site in range(4):
                        out[row, 27 + i_site] = p[27 + i_site]
                    out[row, 31] = p_31
                    out[row, 32] = p_32
                    out[row, 33] = p_33
                    out[row, 34] = p_34
                    out[row, 35] = p_35
                    for i_ward in range(4):
                        out[row, 36 + i_ward] = p[36 + i_ward]
                    for i_ward in range(4):
                        out[row, 40 + i_ward] = p[40 + i_ward]
                    for i_ward in range(4):
                        out[row, 44 + i_ward] = p[44 + i_ward]
                    for i_ward in range(4):
                        out[row, 48 + i_ward] = p[48 + i_ward]
                    for i_site in range(4):
                        out[row, 52 + i_site] = p[52 + i_site]
                    for i_site in range(4):
                        out[row, 56 + i_site] = p[56 + i_site]
                    for i_site in range(4):
                        out[row, 60 + i_site] = p[60 + i_site]
                    for i_service in range(12):
                        out[row, 64 + i_service] = p[64 + i_service]
                    for i_service in range(12):
                        out[row, 76 + i_service] = p[76 + i_service]
                    for i_service in range(12):
                        out[row, 88 + i_service] = p[88 + i_service]
                    for i_group in range(2):
                        out[row, 100 + i_group] = p[100 + i_group]
                    for i_group in range(2):
                        out[row, 102 + i_group] = p[102 + i_group]
                    for i_group in range(2):
                        out[row, 104 + i_group] = p[104 + i_group]
                    for i_group in range(2):
                        out[row, 106 + i_group] = p[106 + i_group]
                    for i_group in range(2):
                        out[row, 108 + i_group] = p[108 + i_group]
                    for i_group in range(2):
                        out[row, 110 + i_group] = p[110 + i_group]
                    for i_group in range(2):
                        out[row, 112 + i_group] = p[112 + i_group]
                    out[row, 114] = p_114
                    out[row, 115] = p_115
                    out[row, 116] = p_116
                    for i_service in range(12):
                        out[row, 117 + i_service] = p[117 + i_service]
                    for i_group in range(2):
                        out[row, 129 + i_group] = p[129 + i_group]
                    out[row, 131] = p_131
                    out[row, 132] = p_132
                    out[row, 133] = p_133
                    out[row, 134] = p_134
                    out[row, 135] = p_135
                    out[row, 136] = p_136
                    out[row, 137] = p_137
                    out[row, 138] = p_138
                    out[row, 139] = p_139
                    out[row, 140] = p_140
                    for i_site in range(4):
                        out[row, 141 + i_site] = p[141 + i_site]
                    for i_site in range(4):
                        out[row, 145 + i_site] = p[145 + i_site]
                    for i_site in range(4):
                        out[row, 149 + i_site] = p[149 + i_site]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 153 + 2 * i_site + i_group] = y[2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 161 + 2 * i_site + i_group] = y[8 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 169 + 2 * i_site + i_group] = y[16 + 2 * i_site + i_group]
                    for i_site in range(4):
                        out[row, 177 + i_site] = y[24 + i_site]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 181 + 2 * i_site + i_group] = y[28 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 189 + 2 * i_site + i_group] = x[32 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 197 + 2 * i_site + i_group] = x[48 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 205 + 2 * i_site + i_group] = x[64 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 213 + 2 * i_site + i_group] = x[80 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 221 + 2 * i_site + i_group] = x[96 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 229 + 2 * i_site + i_group] = x[112 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 237 + 2 * i_site + i_group] = x[128 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 245 + 2 * i_site + i_group] = x[144 + 2 * i_site + i_group]
                    for i_site in range(4):
                        out[row, 253 + i_site] = x[160 + i_site]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 257 + 2 * i_site + i_group] = x[168 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 265 + 2 * i_site + i_group] = x[184 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 273 + 2 * i_site + i_group] = x[200 + 2 * i_site + i_group]
                    out[row, 281] = v_day_of_year
                    for i_site in range(4):
                        out[row, 282 + i_site] = x[216 + i_site]
                    out[row, 286] = v_trend_now
                    for i_site in range(4):
                        out[row, 287 + i_site] = x[220 + i_site]
                    for i_site in range(4):
                        out[row, 291 + i_site] = x[224 + i_site]
                    for i_site in range(4):
                        out[row, 295 + i_site] = x[228 + i_site]
                    for i_site in range(4):
                        out[row, 299 + i_site] = x[232 + i_site]
                    for i_site in range(4):
                        out[row, 303 + i_site] = x[236 + i_site]
                    for i_ward in range(4):
                        out[row, 307 + i_ward] = x[240 + i_ward]
                    for i_site in range(4):
                        out[row, 311 + i_site] = x[244 + i_site]
                    for i_site in range(4):
                        out[row, 315 + i_site] = x[248 + i_site]
                    for i_site in range(4):
                        out[row, 319 + i_site] = x[252 + i_site]
                    for i_site in range(4):
                        out[row, 323 + i_site] = x[256 + i_site]
                    for i_service in range(12):
                        out[row, 327 + i_service] = x[260 + i_service]
                    for i_service in range(12):
                        out[row, 339 + i_service] = x[272 + i_service]
                    for i_group in range(2):
                        out[row, 351 + i_group] = x[284 + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 353 + 2 * i_site + i_group] = x[286 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 361 + 2 * i_site + i_group] = x[294 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 369 + 2 * i_site + i_group] = x[302 + 2 * i_site + i_group]
                    for i_service in range(12):
                        out[row, 377 + i_service] = x[310 + i_service]
                    for i_site in range(4):
                        out[row, 389 + i_site] = x[322 + i_site]
                    for i_site in range(4):
                        out[row, 393 + i_site] = x[326 + i_site]
                    for i_site in range(4):
                        out[row, 397 + i_site] = x[330 + i_site]
                    for i_site in range(4):
                        out[row, 401 + i_site] = x[334 + i_site]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 405 + 2 * i_site + i_group] = x[338 + 2 * i_site + i_group]
                    for i_site in range(4):
                        out[row, 413 + i_site] = x[346 + i_site]
                    for i_site in range(4):
                        out[row, 417 + i_site] = x[350 + i_site]
                    for i_site in range(4):
                        out[row, 421 + i_site] = x[354 + i_site]
                    for i_service in range(12):
                        out[row, 425 + i_service] = x[358 + i_service]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 437 + 2 * i_site + i_group] = x[370 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 445 + 2 * i_site + i_group] = x[378 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 453 + 2 * i_site + i_group] = x[386 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 461 + 2 * i_site + i_group] = x[394 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 469 + 2 * i_site + i_group] = x[402 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 477 + 2 * i_site + i_group] = x[410 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 485 + 2 * i_site + i_group] = x[418 + 2 * i_site + i_group]
                    for i_group in range(2):
                        out[row, 493 + i_group] = x[426 + i_group]
                    for i_group in range(2):
                        out[row, 495 + i_group] = x[428 + i_group]
                    for i_group in range(2):
                        out[row, 497 + i_group] = x[430 + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 499 + 2 * i_site + i_group] = x[432 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 507 + 2 * i_site + i_group] = x[440 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 515 + 2 * i_site + i_group] = x[448 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 523 + 2 * i_site + i_group] = x[456 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 531 + 2 * i_site + i_group] = x[464 + 2 * i_site + i_group]
                    for i_site in range(4):
                        out[row, 539 + i_site] = x[472 + i_site]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 543 + 2 * i_site + i_group] = x[476 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 551 + 2 * i_site + i_group] = x[484 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 559 + 2 * i_site + i_group] = x[492 + 2 * i_site + i_group]
                    for i_site in range(4):
                        out[row, 567 + i_site] = x[500 + i_site]
                    for i_ward in range(4):
                        out[row, 571 + i_ward] = x[504 + i_ward]
                    for i_service in range(12):
                        out[row, 575 + i_service] = x[508 + i_service]
                    row += 1
                if k == last:
                    for i_site in range(4):
                        n1 = p_33
                        if stage == 0 and not 1.0 * dt <= n1 * 1.000000001:
                            raise ValueError("a delay is too short for the step")
                    for i_group in range(2):
                        for i_site in range(4):
                            n2 = p[110 + i_group]
                            if stage == 0 and not 3.0 * dt <= n2 * 1.000000001:
                                raise ValueError("a delay is too short for the step")
                    for i_group in range(2):
                        for i_site in range(4):
                            n3 = p_135
                            if stage == 0 and not 1.0 * dt <= n3 * 1.000000001:
                                raise ValueError("a delay is too short for the step")
                    for i_group in range(2):
                        for i_site in range(4):
                            n4 = p_135
                            if stage == 0 and not 1.0 * dt <= n4 * 1.000000001:
                                raise ValueError("a delay is too short for the step")
                    for i_group in range(2):
                        for i_site in range(4):
                            n5 = p_139
                            if stage == 0 and not 3.0 * dt <= n5 * 1.000000001:
                                raise ValueError("a delay is too short for the step")
                    return
                pass
            for i_site in range(4):
                for i_group in range(2):
                    w[0, 2 * i_site + i_group] = x[48 + 2 * i_site + i_group] + x[64 + 2 * i_site + i_group] - x[32 + 2 * i_site + i_group] - x[168 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    w[0, 8 + 2 * i_site + i_group] = x[96 + 2 * i_site + i_group] + x[112 + 2 * i_site + i_group] + x[184 + 2 * i_site + i_group] - x[80 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    w[0, 16 + 2 * i_site + i_group] = x[128 + 2 * i_site + i_group] - x[64 + 2 * i_site + i_group] - x[112 + 2 * i_site + i_group] - x[144 + 2 * i_site + i_group]
            for i_site in range(4):
                w[0, 24 + i_site] = x[160 + i_site]
            for i_site in range(4):
                for i_group in range(2):
                    w[0, 28 + 2 * i_site + i_group] = x[168 + 2 * i_site + i_group] - x[184 + 2 * i_site + i_group] - x[200 + 2 * i_site + i_group]
            for i_site in range(4):
                n1 = x[220 + i_site]
                n2 = p_33
                if stage == 0 and not 1.0 * dt <= n2 * 1.000000001:
                    raise ValueError("a delay is too short for the step")
                for j in range(1):
                    w[0, 36 + 1 * (i_site) + j] = (n1 - y[36 + 1 * (i_site) + j]) * 1.0 / n2
                    n1 = y[36 + 1 * (i_site) + j]
            for i_group in range(2):
                for i_site in range(4):
                    n3 = x[128 + 2 * i_site + i_group]
                    n4 = p[110 + i_group]
                    if stage == 0 and not 3.0 * dt <= n4 * 1.000000001:
                        raise ValueError("a delay is too short for the step")
                    for j in range(3):
                        gone = y[40 + 3 * (4 * i_group + i_site) + j] * 3.0 / n4
                        w[0, 40 + 3 * (4 * i_group + i_site) + j] = n3 - gone
                        n3 = gone
            for i_group in range(2):
                for i_site in range(4):
                    n5 = min((p_131 * x[302 + 2 * i_site + i_group]), (p_132 * x[294 + 2 * i_site + i_group]))
                    n6 = p_135
                    if stage == 0 and not 1.0 * dt <= n6 * 1.000000001:
                        raise ValueError("a delay is too short for the step")
                    for j in range(1):
                        w[0, 64 + 1 * (4 * i_group + i_site) + j] = (n5 - y[64 + 1 * (4 * i_group + i_site) + j]) * 1.0 / n6
                        n5 = y[64 + 1 * (4 * i_group + i_site) + j]
            for i_group in range(2):
                for i_site in range(4):
                    n7 = min((x[440 + 2 * i_site + i_group] * p_137), x[302 + 2 * i_site + i_group])
                    n8 = p_135
                    if stage == 0 and not 1.0 * dt <= n8 * 1.000000001:
                        raise ValueError("a delay is too short for the step")
                    for j in range(1):
                        w[0, 72 + 1 * (4 * i_group + i_site) + j] = (n7 - y[72 + 1 * (4 * i_group + i_site) + j]) * 1.0 / n8
                        n7 = y[72 + 1 * (4 * i_group + i_site) + j]
            for i_group in range(2):
                for i_site in range(4):
                    n9 = x[168 + 2 * i_site + i_group]
                    n10 = p_139
                    if stage == 0 and not 3.0 * dt <= n10 * 1.000000001:
                        raise ValueError("a delay is too short for the step")
                    for j in range(3):
                        gone = y[80 + 3 * (4 * i_group + i_site) + j] * 3.0 / n10
                        w[0, 80 + 3 * (4 * i_group + i_site) + j] = n9 - gone
                        n9 = gone
            if stages == 1:
                for j in range(y.size):
                    y[j] += dt * w[0, j]
            elif stage == 0:
                for j in range(y.size):
                    w[1, j] = y[j]
                    w[2, j] = w[0, j]
                    y[j] = w[1, j] + 0.5 * dt * w[0, j]
            elif stage == 3:
                for j in range(y.size):
                    y[j] = w[1, j] + dt / 6.0 * (w[2, j] + w[0, j])
            else:
                for j in range(y.size):
                    w[2, j] += 2.0 * w[0, j]
                    y[j] = w[1, j] + (0.5 * dt if stage == 1 else dt) * w[0, j]
        k += 1



from sim.kernel.jit import call_at as advance_network, compiled as entry, rule as folded

AT = 0
CARRY = 0
COUNT = 0
DOWN = 2
ENTITIES = 4
FACTOR = 1
FED_LEAKS = 5
FINE = 0
HANDED_LEAKS = 4
MEAN = 1
NETWORK_LEAKS = 3
NOT_A_NUMBER = 6
OUT_OF_RANGE = 7
PLACES = 0
RATE = 0
RATIO = 2
ROW = 2
SEEN = 1
SET = 5
SHARES = 2
STATION_LEAKS = 2
STOCK_LEAKS = 1
TIME_IN_STATE = 1
TIME_OPEN = 2
TROUBLE = 3
WHICH = 4
ARRIVED = 0
AWAITED = 4
DIED = 12
DIVERTED = 10
DONE = 0
INFINITE = 1099511627776
LEFT = 6
LOST = 7
OPEN = 2
PERIOD = 7
PLAN_AT = 9
PRESENT = 12
RECLASSIFIED_IN = 13
RECLASSIFIED_OUT = 14
RENEGED = 11
RETURNED = 1
SET_MULTIPLIER = 1
SET_PLACES = 0
SET_SHARE = 2
TRANSFERRED_IN = 2
TRANSFERRED_OUT = 5
WAITED = 9


@folded
def _entered(S, period, s, g):
    """Entities that came to a station less those who left it, in one period."""
    f = S.flow[period, s, g]
    came = f[ARRIVED] + f[RETURNED] + f[TRANSFERRED_IN] + f[RECLASSIFIED_IN]
    went = f[LEFT] + f[LOST] + f[TRANSFERRED_OUT] + f[DIVERTED] + f[RENEGED] + f[DIED] + f[RECLASSIFIED_OUT]
    return came - went

@folded
def _of_closed(S, period, term):
    """A term's share of a period that has closed."""
    if term.kind == COUNT:
        return S.flow[period, term.station, term.group, term.column]
    if term.kind == TIME_IN_STATE:
        return S.area[period, term.station, term.group, term.column]
    return S.places_area[period, term.station, 0 if term.kind == TIME_OPEN else 2]

@folded
def _of_open(S, term, t, periods):
    """A term's share of the period that is open, up to t."""
    if term.kind == COUNT:
        period = S.numbers[PERIOD]
        return S.flow[period, term.station, term.group, term.column] if period < periods else 0
    if term.kind == TIME_IN_STATE:
        s, g, k = term.station, term.group, term.column
        return S.running[s, g, k] + S.present[s, g, k] * t
    pool = S.pool[term.station]
    if term.kind == TIME_OPEN:
        return pool.open_time + (0 if pool.places == INFINITE else pool.places) * t
    return pool.occupied_time + pool.occupied * t

@folded
def _close(S, K, E):
    """Add the periods that have closed since the last exchange to what is kept."""
    while E.numbers[SEEN] < S.numbers[PERIOD]:
        period = E.numbers[SEEN]
        for n in range(K.term.size):
            E.closed[K.term[n].sum] += _of_closed(S, period, K.term[n])
        for s in range(S.flow.shape[1]):
            for g in range(S.flow.shape[2]):
                E.balance[s] += _entered(S, period, s, g)
        E.numbers[SEEN] = period + 1

@folded
def _feed(S, K, E, p, dt, t, before):
    """Hand over what has come together since the last exchange."""
    _close(S, K, E)
    periods = S.flow.shape[0]
    for n in range(E.total.size):
        before[n] = E.total[n]
        E.total[n] = E.closed[n]
    for n in range(K.term.size):
        E.total[K.term[n].sum] += _of_open(S, K.term[n], t, periods)
    for n in range(K.feed.size):
        feed = K.feed[n]
        gained = E.total[feed.sum] - before[feed.sum]
        if feed.how == RATE:
            p[feed.place] = gained / dt
            E.fed[n] += p[feed.place] * dt
        elif feed.how == MEAN:
            p[feed.place] = gained / K.span[0]
            E.fed[n] += p[feed.place] * K.span[0]
        else:
            other = E.total[feed.other] - before[feed.other]
            p[feed.place] = gained / other if other > 0 else 0.0

@folded
def _trouble(E, what, which):
    if E.numbers[TROUBLE] == FINE:
        E.numbers[TROUBLE] = what
        E.numbers[WHICH] = which

@folded
def _balanced(S, K, E):
    """Check that the network neither lost nor invented anybody, station by station and as a whole."""
    stations, groups = S.flow.shape[1], S.flow.shape[2]
    period, here = S.numbers[PERIOD], 0
    for s in range(stations):
        entered = K.census[s] + E.balance[s]
        present = 0
        for g in range(groups):
            if period < S.flow.shape[0]:
                entered += _entered(S, period, s, g)
            for k in range(AWAITED):
                present += S.present[s, g, k]
        if entered != present:
            _trouble(E, STATION_LEAKS, s)
        here += present
    if here != S.numbers[PRESENT]:
        _trouble(E, NETWORK_LEAKS, 0)
    for n in range(K.feed.size):
        feed = K.feed[n]
        if feed.how != RATIO and abs(E.fed[n] - E.total[feed.sum]) > 1e-9 * (1.0 + E.fed[n]):
            _trouble(E, FED_LEAKS, n)

@folded
def _kept(K, E, y, w, z, dt):
    """Check that every stock has changed by what flowed in and out, and nothing else."""
    for j in range(y.size):
        w[3, j] = 0.0
        w[4, j] = abs(w[1, j])
    for n in range(K.side.size):
        side = K.side[n]
        moved = side.sign * dt * z[0, side.column]
        w[3, side.stock] += moved
        w[4, side.stock] += abs(moved)
    for j in range(y.size):
        if K.column[j] >= 0 and not abs(y[j] - w[1, j] - w[3, j]) <= 1e-12 * w[4, j]:
            _trouble(E, STOCK_LEAKS, j)

@folded
def _change(S, t, what, index, value):
    """Plan a change for t, in the order in which changes act; there is room before the rows that are still to come."""
    at = S.numbers[PLAN_AT] - 1
    S.numbers[PLAN_AT] = at
    while at + 1 < S.plan.size:
        row = S.plan[at + 1]
        if row.time > t or (row.time == t and (row.what > what or (row.what == what and row.index > index))):
            break
        S.plan[at] = S.plan[at + 1]
        at += 1
    S.plan[at].time = t
    S.plan[at].what = what
    S.plan[at].index = index
    S.plan[at].value = value

@folded
def _set(S, K, E, z, dt, t):
    """Set in the network what the stocks say, from t on."""
    for n in range(K.drive.size):
        drive = K.drive[n]
        if drive.what == ENTITIES:  # what has left the stock in the step before
            value = z[0, drive.column] * drive.scale * dt
        else:
            value = z[1, drive.column] * drive.scale
        if not math.isfinite(value):
            _trouble(E, NOT_A_NUMBER, n)
            return
        if not drive.low <= value <= drive.high:
            _trouble(E, OUT_OF_RANGE, n)
            return
        if drive.what == PLACES or drive.what == ENTITIES:  # noqa: PLR1714 - Numba compares numbers faster than sets
            E.asked[n] += value
            if drive.rounding == CARRY:
                whole = math.floor(value + E.rest[n] + 1e-9)
                E.rest[n] += value - whole
            elif drive.rounding == DOWN:
                whole = math.floor(value + 1e-9)
            else:
                whole = math.floor(value + 0.5)
            E.given[n] += whole
            if drive.rounding == CARRY and not abs(E.asked[n] - E.given[n] - E.rest[n]) <= 1e-9 * (1.0 + E.asked[n]):
                _trouble(E, HANDED_LEAKS, n)
            value = float(whole)
        if value != E.last[n]:
            E.last[n] = value
            if drive.what == PLACES:
                _change(S, t, SET_PLACES, drive.index, value)
            elif drive.what == FACTOR:
                _change(S, t, SET_MULTIPLIER, drive.index, value)
            elif drive.what == SHARES:
                share = 0.0
                for m in range(drive.first, drive.last):
                    portion = K.portion[m]
                    share += value if portion.driven == 1 else portion.part * (1.0 - value)
                    _change(S, t, SET_SHARE, portion.index, share)
            else:
                _change(S, t, SET_SHARE, drive.index, value)

@entry
def begin(T, S, K, E, y, x, p, b, w, c, z):
    """Initial values of the stocks, and what follows from them; returns the size that the buffers need."""
    used = start(y, x, p, b, c)
    if used <= b.size:
        advance(y, x, p, b, w, c, z, 0, 0, 1, 1, 1)
        for j in range(z.shape[1]):
            z[0, j] = 0.0
    return used

@entry
def again(y, x, p, b, w, c, z, k):
    """Work everything out anew at exchange `k`, after parameters have changed; stocks stay what they are."""
    advance(y, x, p, b, w, c, z, k, k, 1, 1, 1)

@entry
def drive(kernel, T, S, K, E, y, x, p, b, w, c, z, out, before, last, every):
    """Go on to exchange `last`; returns what the network needs when its memory is full, to be called again."""
    dt, span = c[1], K.span[0]
    while E.numbers[AT] < last and E.numbers[TROUBLE] == FINE:
        k = E.numbers[AT]
        t = (k + 1) * span
        if E.numbers[SET] <= k:  # once an interval, however often the network needs memory in it
            E.numbers[SET] = k + 1
            _set(S, K, E, z, dt, k * span)
            if E.numbers[TROUBLE] != FINE:
                break
        status = advance_network(kernel, T, S, t)
        if status != DONE:
            return status
        _feed(S, K, E, p, dt, t, before)
        _balanced(S, K, E)
        for j in range(y.size):
            w[1, j] = y[j]
        advance(y, x, p, b, w, c, z, k, k + 1, 0, 1, 1)
        _kept(K, E, y, w, z, dt)
        if k % every == 0:
            for j in range(z.shape[1]):
                out[E.numbers[ROW], j] = z[0, j]
            E.numbers[ROW] += 1
        if k >= K.span[1]:
            for j in range(z.shape[1]):
                E.sums[j] += z[0, j]
        E.numbers[AT] = k + 1
    return DONE
