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
            x[390 + 2 * i_site + i_group] = (p[53 + i_site] * p[105 + i_group])
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
        for i_group in range(2):
            y[36 + 2 * i_site + i_group] = 0.0
            if y[36 + 2 * i_site + i_group] < 0.0:
                raise ValueError("a stock begins below nought")
    for i_site in range(4):
        for i_group in range(2):
            y[44 + 2 * i_site + i_group] = 0.0
            if y[44 + 2 * i_site + i_group] < 0.0:
                raise ValueError("a stock begins below nought")
    for i_site in range(4):
        for i_group in range(2):
            y[52 + 2 * i_site + i_group] = 0.0
            if y[52 + 2 * i_site + i_group] < 0.0:
                raise ValueError("a stock begins below nought")
    for i_site in range(4):
        x[648 + i_site] = p[28 + i_site]
    for i_group in range(2):
        for i_site in range(4):
            x[676 + 4 * i_group + i_site] = 0.0
    x[430] = (p[69] + p[70])
    x[431] = (p[72] + p[73])
    x[432] = (p[75] + p[76])
    x[433] = (p[78] + p[79])
    for i_site in range(4):
        x[360 + i_site] = max(0.0, (p[53 + i_site] - p[61 + i_site]))
    for i_site in range(4):
        for i_group in range(2):
            y[2 * i_site + i_group] = (x[390 + 2 * i_site + i_group] * (1.0 - p[109 + i_group]))
            if y[2 * i_site + i_group] < 0.0:
                raise ValueError("a stock begins below nought")
    for i_site in range(4):
        n1 = p[34]
        if not 1.0 * dt <= n1 * 1.000000001:
            raise ValueError("a delay is too short for the step")
        for stage in range(1):
            y[60 + 1 * (i_site) + stage] = x[648 + i_site]
    for i_group in range(2):
        for i_site in range(4):
            n2 = p[144]
            if not 3.0 * dt <= n2 * 1.000000001:
                raise ValueError("a delay is too short for the step")
            for stage in range(3):
                y[104 + 3 * (4 * i_group + i_site) + stage] = x[676 + 4 * i_group + i_site] * n2 / 3.0
    for i_site in range(4):
        for i_group in range(2):
            x[474 + 2 * i_site + i_group] = (x[430 + i_site] * p[134 + i_group])
    for i_site in range(4):
        for i_group in range(2):
            x[398 + 2 * i_site + i_group] = (x[360 + i_site] * p[105 + i_group])
    for i_site in range(4):
        for i_group in range(2):
            y[8 + 2 * i_site + i_group] = (x[474 + 2 * i_site + i_group] * (1.0 - p[109 + i_group]))
            if y[8 + 2 * i_site + i_group] < 0.0:
                raise ValueError("a stock begins below nought")
    for i_site in range(4):
        for i_group in range(2):
            x[506 + 2 * i_site + i_group] = ((((((x[390 + 2 * i_site + i_group] + x[474 + 2 * i_site + i_group]) * (1.0 - p[107 + i_group])) * p[111 + i_group]) / p[27]) * p[113 + i_group]) / (1.0 - p[117 + i_group]))
    for i_site in range(4):
        for i_group in range(2):
            x[406 + 2 * i_site + i_group] = max(0.0, (x[398 + 2 * i_site + i_group] - y[2 * i_site + i_group]))
    for i_site in range(4):
        for i_group in range(2):
            y[16 + 2 * i_site + i_group] = (x[506 + 2 * i_site + i_group] * p[115 + i_group])
            if y[16 + 2 * i_site + i_group] < 0.0:
                raise ValueError("a stock begins below nought")
    for i_group in range(2):
        for i_site in range(4):
            x[652 + 4 * i_group + i_site] = x[506 + 2 * i_site + i_group]
    for i_group in range(2):
        for i_site in range(4):
            x[660 + 4 * i_group + i_site] = min((p[136] * x[406 + 2 * i_site + i_group]), (p[137] * x[398 + 2 * i_site + i_group]))
    for i_site in range(4):
        for i_group in range(2):
            x[544 + 2 * i_site + i_group] = min((p[138] * x[406 + 2 * i_site + i_group]), (p[139] * x[398 + 2 * i_site + i_group]))
    for i_group in range(2):
        for i_site in range(4):
            n3 = p[115 + i_group]
            if not 3.0 * dt <= n3 * 1.000000001:
                raise ValueError("a delay is too short for the step")
            for stage in range(3):
                y[64 + 3 * (4 * i_group + i_site) + stage] = x[652 + 4 * i_group + i_site] * n3 / 3.0
    for i_group in range(2):
        for i_site in range(4):
            n4 = p[140]
            if not 1.0 * dt <= n4 * 1.000000001:
                raise ValueError("a delay is too short for the step")
            for stage in range(1):
                y[88 + 1 * (4 * i_group + i_site) + stage] = x[660 + 4 * i_group + i_site]
    for i_group in range(2):
        for i_site in range(4):
            x[668 + 4 * i_group + i_site] = min((x[544 + 2 * i_site + i_group] * p[142]), x[406 + 2 * i_site + i_group])
    for i_group in range(2):
        for i_site in range(4):
            n5 = p[140]
            if not 1.0 * dt <= n5 * 1.000000001:
                raise ValueError("a delay is too short for the step")
            for stage in range(1):
                y[96 + 1 * (4 * i_group + i_site) + stage] = x[668 + 4 * i_group + i_site]
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
    p_22 = p[22]
    p_27 = p[27]
    p_32 = p[32]
    p_33 = p[33]
    p_34 = p[34]
    p_35 = p[35]
    p_36 = p[36]
    p_69 = p[69]
    p_70 = p[70]
    p_72 = p[72]
    p_73 = p[73]
    p_75 = p[75]
    p_76 = p[76]
    p_78 = p[78]
    p_79 = p[79]
    p_119 = p[119]
    p_120 = p[120]
    p_121 = p[121]
    p_136 = p[136]
    p_137 = p[137]
    p_138 = p[138]
    p_139 = p[139]
    p_140 = p[140]
    p_141 = p[141]
    p_142 = p[142]
    p_143 = p[143]
    p_144 = p[144]
    p_145 = p[145]
    p_154 = p[154]
    while True:
        for stage in range(stages):
            tk = t0 + k * dt
            middle = tk + 0.5 * dt
            before = t0 + (k - 1) * dt + 0.5 * dt
            t = tk if stage == 0 else (middle if stage < 3 else t0 + (k + 1) * dt)
            for i_site in range(4):
                for i_group in range(2):
                    x[48 + 2 * i_site + i_group] = max(0.0, ((y[2 * i_site + i_group] * p[111 + i_group]) / p_27))
            for i_group in range(2):
                x[388 + i_group] = ((((1.0 - p[113 + i_group]) * p[111 + i_group]) * (1.0 - p[107 + i_group])) / p[107 + i_group])
            for i_site in range(4):
                for i_group in range(2):
                    x[96 + 2 * i_site + i_group] = max(0.0, ((y[8 + 2 * i_site + i_group] * p[111 + i_group]) / p_27))
            for i_site in range(4):
                for i_group in range(2):
                    x[604 + 2 * i_site + i_group] = (max(0.0, (p[146 + 2 * i_site + i_group] - y[36 + 2 * i_site + i_group])) / p_154)
            for i_site in range(4):
                for i_group in range(2):
                    x[280 + 2 * i_site + i_group] = max(0.0, (max(0.0, ((p[155 + 2 * i_site + i_group] - y[52 + 2 * i_site + i_group]) - y[44 + 2 * i_site + i_group])) / p_154))
            for i_site in range(4):
                for i_group in range(2):
                    x[620 + 2 * i_site + i_group] = (min(max(0.0, (p[163 + 2 * i_site + i_group] - y[52 + 2 * i_site + i_group])), y[44 + 2 * i_site + i_group]) / p_154)
            v_day_of_four_years = _modulo((t + p_21), p_20)
            v_trend_now = _exp(((p_22 * (t - c[0])) / p_27))
            for i_site in range(4):
                x[324 + i_site] = ((p[171 + i_site] + p[175 + i_site]) / max(p[179 + i_site], p_32))
            for i_site in range(4):
                x[648 + i_site] = y[60 + 1 * (i_site) + 0]
            for i_site in range(4):
                x[348 + i_site] = (p[28 + i_site] * p[57 + i_site])
            for i_site in range(4):
                x[360 + i_site] = max(0.0, (p[53 + i_site] - p[61 + i_site]))
            for i_service in range(12):
                x[364 + i_service] = max(0.0, ((p[69 + i_service] + p[93 + i_service]) - p[81 + i_service]))
            for i_site in range(4):
                for i_group in range(2):
                    x[390 + 2 * i_site + i_group] = (p[53 + i_site] * p[105 + i_group])
            for i_service in range(12):
                x[414 + i_service] = max(0.0, ((p[69 + i_service] + max(p[93 + i_service], p[122 + i_service])) - p[81 + i_service]))
            x[430] = (p_69 + p_70)
            x[431] = (p_72 + p_73)
            x[432] = (p_75 + p_76)
            x[433] = (p_78 + p_79)
            for i_site in range(4):
                for i_group in range(2):
                    x[442 + 2 * i_site + i_group] = (y[8 + 2 * i_site + i_group] / (p[134 + i_group] * (1.0 - p[107 + i_group])))
            x[464] = 1.0
            x[467] = 1.0
            x[470] = 1.0
            x[473] = 1.0
            for i_group in range(2):
                for i_site in range(4):
                    n1 = p[115 + i_group]
                    x[652 + 4 * i_group + i_site] = y[64 + 3 * (4 * i_group + i_site) + 2] * 3.0 / n1
            for i_group in range(2):
                x[530 + i_group] = min((p_136 * p[107 + i_group]), p_137)
            for i_group in range(2):
                x[532 + i_group] = min((p_138 * p[107 + i_group]), p_139)
            for i_group in range(2):
                for i_site in range(4):
                    x[660 + 4 * i_group + i_site] = y[88 + 1 * (4 * i_group + i_site) + 0]
            for i_group in range(2):
                for i_site in range(4):
                    x[668 + 4 * i_group + i_site] = y[96 + 1 * (4 * i_group + i_site) + 0]
            for i_group in range(2):
                for i_site in range(4):
                    n2 = p_144
                    x[676 + 4 * i_group + i_site] = y[104 + 3 * (4 * i_group + i_site) + 2] * 3.0 / n2
            for i_site in range(4):
                for i_group in range(2):
                    n3 = x[96 + 2 * i_site + i_group]
                    n4 = 0.99999999999999 * max(0.0, y[8 + 2 * i_site + i_group] - 1e-200) / dt
                    x[8 + 2 * i_site + i_group] = n4 / n3 if n3 > n4 else 1.0
            for i_site in range(4):
                for i_group in range(2):
                    x[232 + 2 * i_site + i_group] = max(0.0, x[604 + 2 * i_site + i_group])
            for i_site in range(4):
                for i_group in range(2):
                    x[296 + 2 * i_site + i_group] = max(0.0, x[620 + 2 * i_site + i_group])
            for i_site in range(4):
                for i_group in range(2):
                    x[312 + 2 * i_site + i_group] = max(0.0, x[620 + 2 * i_site + i_group])
            v_day_of_year = (v_day_of_four_years - (p_19 * min(3.0, _integer((v_day_of_four_years / p_19)))))
            for i_site in range(4):
                x[328 + i_site] = (x[324 + i_site] / p[28 + i_site])
            for i_site in range(4):
                x[332 + i_site] = x[648 + i_site]
            for i_site in range(4):
                for i_group in range(2):
                    x[398 + 2 * i_site + i_group] = (x[360 + i_site] * p[105 + i_group])
            for i_service in range(12):
                x[376 + i_service] = min(x[364 + i_service], max(0.0, (p[69 + i_service] - p[81 + i_service])))
            x[434] = (x[364] + x[365])
            x[435] = (x[367] + x[368])
            x[436] = (x[370] + x[371])
            x[437] = (x[373] + x[374])
            x[638] = x[366]
            x[641] = x[369]
            x[644] = x[372]
            x[647] = x[375]
            x[426] = (x[414] + x[415])
            x[427] = (x[417] + x[418])
            x[428] = (x[420] + x[421])
            x[429] = (x[423] + x[424])
            for i_site in range(4):
                for i_group in range(2):
                    x[474 + 2 * i_site + i_group] = (x[430 + i_site] * p[134 + i_group])
            for i_site in range(4):
                n5 = math.inf
                for i_group_2 in range(2):
                    n5 = min(n5, x[442 + 2 * i_site + i_group_2])
                x[450 + i_site] = n5
            for i_site in range(4):
                for i_group in range(2):
                    x[514 + 2 * i_site + i_group] = x[652 + 4 * i_group + i_site]
            for i_group in range(2):
                x[534 + i_group] = (x[530 + i_group] + x[532 + i_group])
            for i_site in range(4):
                for i_group in range(2):
                    x[536 + 2 * i_site + i_group] = x[660 + 4 * i_group + i_site]
            for i_site in range(4):
                for i_group in range(2):
                    x[552 + 2 * i_site + i_group] = x[668 + 4 * i_group + i_site]
            for i_site in range(4):
                for i_group in range(2):
                    x[596 + 2 * i_site + i_group] = x[676 + 4 * i_group + i_site]
            for i_site in range(4):
                for i_group in range(2):
                    x[88 + 2 * i_site + i_group] = x[96 + 2 * i_site + i_group] * x[8 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    x[224 + 2 * i_site + i_group] = x[232 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    n6 = x[296 + 2 * i_site + i_group]
                    n7 = 0.99999999999999 * max(0.0, y[44 + 2 * i_site + i_group] - 1e-200) / dt
                    x[32 + 2 * i_site + i_group] = n7 / n6 if n6 > n7 else 1.0
            for i_site in range(4):
                for i_group in range(2):
                    x[304 + 2 * i_site + i_group] = x[312 + 2 * i_site + i_group]
            for i_site in range(4):
                x[320 + i_site] = (p[i_site] if (v_day_of_year < p_16) else (p[4 + i_site] if (v_day_of_year < p_17) else (p[8 + i_site] if (v_day_of_year < p_18) else p[12 + i_site])))
            for i_ward in range(4):
                x[344 + i_ward] = (p[37 + i_ward] if (v_day_of_year < p_16) else (p[41 + i_ward] if (v_day_of_year < p_17) else (p[45 + i_ward] if (v_day_of_year < p_18) else p[49 + i_ward])))
            for i_site in range(4):
                x[336 + i_site] = min(p_36, max(p_35, _power((x[332 + i_site] / p[28 + i_site]), (-p_33))))
            for i_site in range(4):
                for i_group in range(2):
                    x[406 + 2 * i_site + i_group] = max(0.0, (x[398 + 2 * i_site + i_group] - y[2 * i_site + i_group]))
            for i_site in range(4):
                for i_group in range(2):
                    x[580 + 2 * i_site + i_group] = max(0.0, (y[2 * i_site + i_group] - (x[398 + 2 * i_site + i_group] * (1.0 - p[107 + i_group]))))
            x[438] = (x[376] + x[377])
            x[439] = (x[379] + x[380])
            x[440] = (x[382] + x[383])
            x[441] = (x[385] + x[386])
            for i_site in range(4):
                for i_group in range(2):
                    x[482 + 2 * i_site + i_group] = (x[426 + i_site] * p[134 + i_group])
            for i_site in range(4):
                for i_group in range(2):
                    x[506 + 2 * i_site + i_group] = ((((((x[390 + 2 * i_site + i_group] + x[474 + 2 * i_site + i_group]) * (1.0 - p[107 + i_group])) * p[111 + i_group]) / p_27) * p[113 + i_group]) / (1.0 - p[117 + i_group]))
            for i_site in range(4):
                for i_group in range(2):
                    x[160 + 2 * i_site + i_group] = max(0.0, (x[514 + 2 * i_site + i_group] * p[117 + i_group]))
            for i_site in range(4):
                for i_group in range(2):
                    x[522 + 2 * i_site + i_group] = (x[514 + 2 * i_site + i_group] * (1.0 - p[117 + i_group]))
            for i_site in range(4):
                n8 = 0.0
                for i_group_2 in range(2):
                    n8 = n8 + x[552 + 2 * i_site + i_group_2]
                x[172 + i_site] = max(0.0, ((n8 * p_141) / p_27))
            for i_site in range(4):
                for i_group in range(2):
                    x[560 + 2 * i_site + i_group] = ((y[2 * i_site + i_group] + x[536 + 2 * i_site + i_group]) + x[552 + 2 * i_site + i_group])
            for i_site in range(4):
                for i_group in range(2):
                    x[200 + 2 * i_site + i_group] = max(0.0, (x[596 + 2 * i_site + i_group] * p_145))
            for i_site in range(4):
                for i_group in range(2):
                    x[216 + 2 * i_site + i_group] = max(0.0, (x[596 + 2 * i_site + i_group] * (1.0 - p_145)))
            for i_site in range(4):
                for i_group in range(2):
                    x[288 + 2 * i_site + i_group] = x[296 + 2 * i_site + i_group] * x[32 + 2 * i_site + i_group]
            x[352] = x[344]
            x[353] = x[345]
            x[354] = x[346]
            x[355] = x[347]
            for i_site in range(4):
                x[340 + i_site] = (((x[320 + i_site] * v_trend_now) * p[23 + i_site]) * x[336 + i_site])
            for i_site in range(4):
                for i_group in range(2):
                    x[64 + 2 * i_site + i_group] = max(0.0, (((x[406 + 2 * i_site + i_group] * x[388 + i_group]) / p_27) * p_121))
            for i_site in range(4):
                for i_group in range(2):
                    x[544 + 2 * i_site + i_group] = min((p_138 * x[406 + 2 * i_site + i_group]), (p_139 * x[398 + 2 * i_site + i_group]))
            for i_site in range(4):
                x[454 + i_site] = min(1.0, _xidz(x[450 + i_site], x[438 + i_site], 1.0))
            for i_site in range(4):
                x[458 + i_site] = min(1.0, _xidz(max(0.0, (x[450 + i_site] - x[438 + i_site])), (x[434 + i_site] - x[438 + i_site]), 0.0))
            for i_site in range(4):
                for i_group in range(2):
                    x[490 + 2 * i_site + i_group] = max(0.0, (x[482 + 2 * i_site + i_group] - y[8 + 2 * i_site + i_group]))
            for i_site in range(4):
                for i_group in range(2):
                    x[498 + 2 * i_site + i_group] = (x[398 + 2 * i_site + i_group] + x[482 + 2 * i_site + i_group])
            for i_site in range(4):
                for i_group in range(2):
                    x[588 + 2 * i_site + i_group] = max(0.0, ((((x[482 + 2 * i_site + i_group] * (1.0 - p[107 + i_group])) - y[8 + 2 * i_site + i_group]) - y[28 + 2 * i_site + i_group]) - y[44 + 2 * i_site + i_group]))
            for i_site in range(4):
                for i_group in range(2):
                    x[144 + 2 * i_site + i_group] = max(0.0, (x[506 + 2 * i_site + i_group] * p_120))
            for i_site in range(4):
                x[168 + i_site] = x[172 + i_site]
            for i_site in range(4):
                for i_group in range(2):
                    x[568 + 2 * i_site + i_group] = (x[560 + 2 * i_site + i_group] / ((p[105 + i_group] * ((1.0 - p[107 + i_group]) + x[534 + i_group])) * p_119))
            for i_site in range(4):
                for i_group in range(2):
                    n9 = x[200 + 2 * i_site + i_group] + x[216 + 2 * i_site + i_group]
                    n10 = 0.99999999999999 * max(0.0, y[28 + 2 * i_site + i_group] - 1e-200) / dt
                    x[24 + 2 * i_site + i_group] = n10 / n9 if n9 > n10 else 1.0
            for i_site in range(4):
                x[356 + i_site] = (max(0.0, (x[352 + i_site] - p[61 + i_site])) + p[65 + i_site])
            for i_site in range(4):
                for i_group in range(2):
                    x[56 + 2 * i_site + i_group] = x[64 + 2 * i_site + i_group]
            x[462] = _xidz(((x[376] * x[454]) + ((x[364] - x[376]) * x[458])), x[364], 1.0)
            x[463] = _xidz(((x[377] * x[454]) + ((x[365] - x[377]) * x[458])), x[365], 1.0)
            x[465] = _xidz(((x[379] * x[455]) + ((x[367] - x[379]) * x[459])), x[367], 1.0)
            x[466] = _xidz(((x[380] * x[455]) + ((x[368] - x[380]) * x[459])), x[368], 1.0)
            x[468] = _xidz(((x[382] * x[456]) + ((x[370] - x[382]) * x[460])), x[370], 1.0)
            x[469] = _xidz(((x[383] * x[456]) + ((x[371] - x[383]) * x[460])), x[371], 1.0)
            x[471] = _xidz(((x[385] * x[457]) + ((x[373] - x[385]) * x[461])), x[373], 1.0)
            x[472] = _xidz(((x[386] * x[457]) + ((x[374] - x[386]) * x[461])), x[374], 1.0)
            for i_site in range(4):
                for i_group in range(2):
                    x[112 + 2 * i_site + i_group] = max(0.0, (((x[490 + 2 * i_site + i_group] * x[388 + i_group]) / p_27) * p_121))
            for i_site in range(4):
                for i_group in range(2):
                    x[80 + 2 * i_site + i_group] = max(0.0, (x[522 + 2 * i_site + i_group] * _xidz(x[398 + 2 * i_site + i_group], x[498 + 2 * i_site + i_group], 0.0)))
            for i_site in range(4):
                for i_group in range(2):
                    x[128 + 2 * i_site + i_group] = max(0.0, (x[522 + 2 * i_site + i_group] * _xidz(x[482 + 2 * i_site + i_group], x[498 + 2 * i_site + i_group], 0.0)))
            for i_site in range(4):
                for i_group in range(2):
                    x[612 + 2 * i_site + i_group] = _xidz(x[406 + 2 * i_site + i_group], (x[406 + 2 * i_site + i_group] + x[490 + 2 * i_site + i_group]), _xidz(x[398 + 2 * i_site + i_group], x[498 + 2 * i_site + i_group], 0.0))
            for i_site in range(4):
                for i_group in range(2):
                    x[184 + 2 * i_site + i_group] = max(0.0, (min(x[580 + 2 * i_site + i_group], x[588 + 2 * i_site + i_group]) / p_143))
            for i_site in range(4):
                for i_group in range(2):
                    x[136 + 2 * i_site + i_group] = x[144 + 2 * i_site + i_group]
            for i_site in range(4):
                n11 = math.inf
                for i_group_2 in range(2):
                    n11 = min(n11, x[568 + 2 * i_site + i_group_2])
                x[576 + i_site] = n11
            for i_site in range(4):
                for i_group in range(2):
                    x[192 + 2 * i_site + i_group] = x[200 + 2 * i_site + i_group] * x[24 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    x[208 + 2 * i_site + i_group] = x[216 + 2 * i_site + i_group] * x[24 + 2 * i_site + i_group]
            x[636] = (x[364] * x[462])
            x[637] = (x[365] * x[463])
            x[639] = (x[367] * x[465])
            x[640] = (x[368] * x[466])
            x[642] = (x[370] * x[468])
            x[643] = (x[371] * x[469])
            x[645] = (x[373] * x[471])
            x[646] = (x[374] * x[472])
            for i_site in range(4):
                for i_group in range(2):
                    x[104 + 2 * i_site + i_group] = x[112 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    n12 = x[80 + 2 * i_site + i_group] + x[128 + 2 * i_site + i_group] + x[160 + 2 * i_site + i_group]
                    n13 = 0.99999999999999 * max(0.0, y[16 + 2 * i_site + i_group] - 1e-200) / dt
                    x[16 + 2 * i_site + i_group] = n13 / n12 if n12 > n13 else 1.0
            for i_site in range(4):
                for i_group in range(2):
                    x[248 + 2 * i_site + i_group] = max(0.0, (x[604 + 2 * i_site + i_group] * x[612 + 2 * i_site + i_group]))
            for i_site in range(4):
                for i_group in range(2):
                    x[264 + 2 * i_site + i_group] = max(0.0, (x[604 + 2 * i_site + i_group] * (1.0 - x[612 + 2 * i_site + i_group])))
            for i_site in range(4):
                for i_group in range(2):
                    n14 = x[48 + 2 * i_site + i_group] + x[184 + 2 * i_site + i_group] + x[280 + 2 * i_site + i_group]
                    n15 = 0.99999999999999 * max(0.0, y[2 * i_site + i_group] - 1e-200) / dt
                    x[2 * i_site + i_group] = n15 / n14 if n14 > n15 else 1.0
            for i_site in range(4):
                x[628 + i_site] = min(x[356 + i_site], x[576 + i_site])
            for i_site in range(4):
                for i_group in range(2):
                    x[72 + 2 * i_site + i_group] = x[80 + 2 * i_site + i_group] * x[16 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    x[120 + 2 * i_site + i_group] = x[128 + 2 * i_site + i_group] * x[16 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    x[152 + 2 * i_site + i_group] = x[160 + 2 * i_site + i_group] * x[16 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    x[240 + 2 * i_site + i_group] = x[248 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    x[256 + 2 * i_site + i_group] = x[264 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    x[40 + 2 * i_site + i_group] = x[48 + 2 * i_site + i_group] * x[2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    x[176 + 2 * i_site + i_group] = x[184 + 2 * i_site + i_group] * x[2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    x[272 + 2 * i_site + i_group] = x[280 + 2 * i_site + i_group] * x[2 * i_site + i_group]
            x[632] = _xidz((x[344] * x[628]), x[352], 0.0)
            x[633] = _xidz((x[345] * x[629]), x[353], 0.0)
            x[634] = _xidz((x[346] * x[630]), x[354], 0.0)
            x[635] = _xidz((x[347] * x[631]), x[355], 0.0)
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
                    out[row, 22] = p_22
                    for i_site in range(4):
                        out[row, 23 + i_site] = p[23 + i_site]
                    out[row, 27] = p_27
                    for i_site in range(4):
                        out[row, 28 + i_site] = p[28 + i_site]
                    out[row, 32] = p_32
                    out[row, 33] = p_33
                    out[row, 34] = p_34
                    out[row, 35] = p_35
                    out[row, 36] = p_36
                    for i_ward in range(4):
                        out[row, 37 + i_ward] = p[37 + i_ward]
                    for i_ward in range(4):
                        out[row, 41 + i_ward] = p[41 + i_ward]
                    for i_ward in range(4):
                        out[row, 45 + i_ward] = p[45 + i_ward]
                    for i_ward in range(4):
                        out[row, 49 + i_ward] = p[49 + i_ward]
                    for i_site in range(4):
                        out[row, 53 + i_site] = p[53 + i_site]
                    for i_site in range(4):
                        out[row, 57 + i_site] = p[57 + i_site]
                    for i_site in range(4):
                        out[row, 61 + i_site] = p[61 + i_site]
                    for i_site in range(4):
                        out[row, 65 + i_site] = p[65 + i_site]
                    for i_service in range(12):
                        out[row, 69 + i_service] = p[69 + i_service]
                    for i_service in range(12):
                        out[row, 81 + i_service] = p[81 + i_service]
                    for i_service in range(12):
                        out[row, 93 + i_service] = p[93 + i_service]
                    for i_group in range(2):
                        out[row, 105 + i_group] = p[105 + i_group]
                    for i_group in range(2):
                        out[row, 107 + i_group] = p[107 + i_group]
                    for i_group in range(2):
                        out[row, 109 + i_group] = p[109 + i_group]
                    for i_group in range(2):
                        out[row, 111 + i_group] = p[111 + i_group]
                    for i_group in range(2):
                        out[row, 113 + i_group] = p[113 + i_group]
                    for i_group in range(2):
                        out[row, 115 + i_group] = p[115 + i_group]
                    for i_group in range(2):
                        out[row, 117 + i_group] = p[117 + i_group]
                    out[row, 119] = p_119
                    out[row, 120] = p_120
                    out[row, 121] = p_121
                    for i_service in range(12):
                        out[row, 122 + i_service] = p[122 + i_service]
                    for i_group in range(2):
                        out[row, 134 + i_group] = p[134 + i_group]
                    out[row, 136] = p_136
                    out[row, 137] = p_137
                    out[row, 138] = p_138
                    out[row, 139] = p_139
                    out[row, 140] = p_140
                    out[row, 141] = p_141
                    out[row, 142] = p_142
                    out[row, 143] = p_143
                    out[row, 144] = p_144
                    out[row, 145] = p_145
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 146 + 2 * i_site + i_group] = p[146 + 2 * i_site + i_group]
                    out[row, 154] = p_154
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 155 + 2 * i_site + i_group] = p[155 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 163 + 2 * i_site + i_group] = p[163 + 2 * i_site + i_group]
                    for i_site in range(4):
                        out[row, 171 + i_site] = p[171 + i_site]
                    for i_site in range(4):
                        out[row, 175 + i_site] = p[175 + i_site]
                    for i_site in range(4):
                        out[row, 179 + i_site] = p[179 + i_site]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 183 + 2 * i_site + i_group] = y[2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 191 + 2 * i_site + i_group] = y[8 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 199 + 2 * i_site + i_group] = y[16 + 2 * i_site + i_group]
                    for i_site in range(4):
                        out[row, 207 + i_site] = y[24 + i_site]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 211 + 2 * i_site + i_group] = y[28 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 219 + 2 * i_site + i_group] = y[36 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 227 + 2 * i_site + i_group] = y[44 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 235 + 2 * i_site + i_group] = y[52 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 243 + 2 * i_site + i_group] = x[40 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 251 + 2 * i_site + i_group] = x[56 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 259 + 2 * i_site + i_group] = x[72 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 267 + 2 * i_site + i_group] = x[88 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 275 + 2 * i_site + i_group] = x[104 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 283 + 2 * i_site + i_group] = x[120 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 291 + 2 * i_site + i_group] = x[136 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 299 + 2 * i_site + i_group] = x[152 + 2 * i_site + i_group]
                    for i_site in range(4):
                        out[row, 307 + i_site] = x[168 + i_site]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 311 + 2 * i_site + i_group] = x[176 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 319 + 2 * i_site + i_group] = x[192 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 327 + 2 * i_site + i_group] = x[208 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 335 + 2 * i_site + i_group] = x[224 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 343 + 2 * i_site + i_group] = x[240 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 351 + 2 * i_site + i_group] = x[256 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 359 + 2 * i_site + i_group] = x[272 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 367 + 2 * i_site + i_group] = x[288 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 375 + 2 * i_site + i_group] = x[304 + 2 * i_site + i_group]
                    out[row, 383] = v_day_of_four_years
                    out[row, 384] = v_day_of_year
                    for i_site in range(4):
                        out[row, 385 + i_site] = x[320 + i_site]
                    out[row, 389] = v_trend_now
                    for i_site in range(4):
                        out[row, 390 + i_site] = x[324 + i_site]
                    for i_site in range(4):
                        out[row, 394 + i_site] = x[328 + i_site]
                    for i_site in range(4):
                        out[row, 398 + i_site] = x[332 + i_site]
                    for i_site in range(4):
                        out[row, 402 + i_site] = x[336 + i_site]
                    for i_site in range(4):
                        out[row, 406 + i_site] = x[340 + i_site]
                    for i_ward in range(4):
                        out[row, 410 + i_ward] = x[344 + i_ward]
                    for i_site in range(4):
                        out[row, 414 + i_site] = x[348 + i_site]
                    for i_site in range(4):
                        out[row, 418 + i_site] = x[352 + i_site]
                    for i_site in range(4):
                        out[row, 422 + i_site] = x[356 + i_site]
                    for i_site in range(4):
                        out[row, 426 + i_site] = x[360 + i_site]
                    for i_service in range(12):
                        out[row, 430 + i_service] = x[364 + i_service]
                    for i_service in range(12):
                        out[row, 442 + i_service] = x[376 + i_service]
                    for i_group in range(2):
                        out[row, 454 + i_group] = x[388 + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 456 + 2 * i_site + i_group] = x[390 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 464 + 2 * i_site + i_group] = x[398 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 472 + 2 * i_site + i_group] = x[406 + 2 * i_site + i_group]
                    for i_service in range(12):
                        out[row, 480 + i_service] = x[414 + i_service]
                    for i_site in range(4):
                        out[row, 492 + i_site] = x[426 + i_site]
                    for i_site in range(4):
                        out[row, 496 + i_site] = x[430 + i_site]
                    for i_site in range(4):
                        out[row, 500 + i_site] = x[434 + i_site]
                    for i_site in range(4):
                        out[row, 504 + i_site] = x[438 + i_site]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 508 + 2 * i_site + i_group] = x[442 + 2 * i_site + i_group]
                    for i_site in range(4):
                        out[row, 516 + i_site] = x[450 + i_site]
                    for i_site in range(4):
                        out[row, 520 + i_site] = x[454 + i_site]
                    for i_site in range(4):
                        out[row, 524 + i_site] = x[458 + i_site]
                    for i_service in range(12):
                        out[row, 528 + i_service] = x[462 + i_service]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 540 + 2 * i_site + i_group] = x[474 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 548 + 2 * i_site + i_group] = x[482 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 556 + 2 * i_site + i_group] = x[490 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 564 + 2 * i_site + i_group] = x[498 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 572 + 2 * i_site + i_group] = x[506 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 580 + 2 * i_site + i_group] = x[514 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 588 + 2 * i_site + i_group] = x[522 + 2 * i_site + i_group]
                    for i_group in range(2):
                        out[row, 596 + i_group] = x[530 + i_group]
                    for i_group in range(2):
                        out[row, 598 + i_group] = x[532 + i_group]
                    for i_group in range(2):
                        out[row, 600 + i_group] = x[534 + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 602 + 2 * i_site + i_group] = x[536 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 610 + 2 * i_site + i_group] = x[544 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 618 + 2 * i_site + i_group] = x[552 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 626 + 2 * i_site + i_group] = x[560 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 634 + 2 * i_site + i_group] = x[568 + 2 * i_site + i_group]
                    for i_site in range(4):
                        out[row, 642 + i_site] = x[576 + i_site]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 646 + 2 * i_site + i_group] = x[580 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 654 + 2 * i_site + i_group] = x[588 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 662 + 2 * i_site + i_group] = x[596 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 670 + 2 * i_site + i_group] = x[604 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 678 + 2 * i_site + i_group] = x[612 + 2 * i_site + i_group]
                    for i_site in range(4):
                        for i_group in range(2):
                            out[row, 686 + 2 * i_site + i_group] = x[620 + 2 * i_site + i_group]
                    for i_site in range(4):
                        out[row, 694 + i_site] = x[628 + i_site]
                    for i_ward in range(4):
                        out[row, 698 + i_ward] = x[632 + i_ward]
                    for i_service in range(12):
                        out[row, 702 + i_service] = x[636 + i_service]
                    row += 1
                if k == last:
                    for i_site in range(4):
                        n1 = p_34
                        if stage == 0 and not 1.0 * dt <= n1 * 1.000000001:
                            raise ValueError("a delay is too short for the step")
                    for i_group in range(2):
                        for i_site in range(4):
                            n2 = p[115 + i_group]
                            if stage == 0 and not 3.0 * dt <= n2 * 1.000000001:
                                raise ValueError("a delay is too short for the step")
                    for i_group in range(2):
                        for i_site in range(4):
                            n3 = p_140
                            if stage == 0 and not 1.0 * dt <= n3 * 1.000000001:
                                raise ValueError("a delay is too short for the step")
                    for i_group in range(2):
                        for i_site in range(4):
                            n4 = p_140
                            if stage == 0 and not 1.0 * dt <= n4 * 1.000000001:
                                raise ValueError("a delay is too short for the step")
                    for i_group in range(2):
                        for i_site in range(4):
                            n5 = p_144
                            if stage == 0 and not 3.0 * dt <= n5 * 1.000000001:
                                raise ValueError("a delay is too short for the step")
                    return
                pass
            for i_site in range(4):
                for i_group in range(2):
                    w[0, 2 * i_site + i_group] = x[56 + 2 * i_site + i_group] + x[72 + 2 * i_site + i_group] + x[240 + 2 * i_site + i_group] - x[40 + 2 * i_site + i_group] - x[176 + 2 * i_site + i_group] - x[272 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    w[0, 8 + 2 * i_site + i_group] = x[104 + 2 * i_site + i_group] + x[120 + 2 * i_site + i_group] + x[192 + 2 * i_site + i_group] + x[256 + 2 * i_site + i_group] + x[288 + 2 * i_site + i_group] - x[88 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    w[0, 16 + 2 * i_site + i_group] = x[136 + 2 * i_site + i_group] - x[72 + 2 * i_site + i_group] - x[120 + 2 * i_site + i_group] - x[152 + 2 * i_site + i_group]
            for i_site in range(4):
                w[0, 24 + i_site] = x[168 + i_site]
            for i_site in range(4):
                for i_group in range(2):
                    w[0, 28 + 2 * i_site + i_group] = x[176 + 2 * i_site + i_group] - x[192 + 2 * i_site + i_group] - x[208 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    w[0, 36 + 2 * i_site + i_group] = x[224 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    w[0, 44 + 2 * i_site + i_group] = x[272 + 2 * i_site + i_group] - x[288 + 2 * i_site + i_group]
            for i_site in range(4):
                for i_group in range(2):
                    w[0, 52 + 2 * i_site + i_group] = x[304 + 2 * i_site + i_group]
            for i_site in range(4):
                n1 = x[324 + i_site]
                n2 = p_34
                if stage == 0 and not 1.0 * dt <= n2 * 1.000000001:
                    raise ValueError("a delay is too short for the step")
                for j in range(1):
                    w[0, 60 + 1 * (i_site) + j] = (n1 - y[60 + 1 * (i_site) + j]) * 1.0 / n2
                    n1 = y[60 + 1 * (i_site) + j]
            for i_group in range(2):
                for i_site in range(4):
                    n3 = x[136 + 2 * i_site + i_group]
                    n4 = p[115 + i_group]
                    if stage == 0 and not 3.0 * dt <= n4 * 1.000000001:
                        raise ValueError("a delay is too short for the step")
                    for j in range(3):
                        gone = y[64 + 3 * (4 * i_group + i_site) + j] * 3.0 / n4
                        w[0, 64 + 3 * (4 * i_group + i_site) + j] = n3 - gone
                        n3 = gone
            for i_group in range(2):
                for i_site in range(4):
                    n5 = min((p_136 * x[406 + 2 * i_site + i_group]), (p_137 * x[398 + 2 * i_site + i_group]))
                    n6 = p_140
                    if stage == 0 and not 1.0 * dt <= n6 * 1.000000001:
                        raise ValueError("a delay is too short for the step")
                    for j in range(1):
                        w[0, 88 + 1 * (4 * i_group + i_site) + j] = (n5 - y[88 + 1 * (4 * i_group + i_site) + j]) * 1.0 / n6
                        n5 = y[88 + 1 * (4 * i_group + i_site) + j]
            for i_group in range(2):
                for i_site in range(4):
                    n7 = min((x[544 + 2 * i_site + i_group] * p_142), x[406 + 2 * i_site + i_group])
                    n8 = p_140
                    if stage == 0 and not 1.0 * dt <= n8 * 1.000000001:
                        raise ValueError("a delay is too short for the step")
                    for j in range(1):
                        w[0, 96 + 1 * (4 * i_group + i_site) + j] = (n7 - y[96 + 1 * (4 * i_group + i_site) + j]) * 1.0 / n8
                        n7 = y[96 + 1 * (4 * i_group + i_site) + j]
            for i_group in range(2):
                for i_site in range(4):
                    n9 = x[176 + 2 * i_site + i_group]
                    n10 = p_144
                    if stage == 0 and not 3.0 * dt <= n10 * 1.000000001:
                        raise ValueError("a delay is too short for the step")
                    for j in range(3):
                        gone = y[104 + 3 * (4 * i_group + i_site) + j] * 3.0 / n10
                        w[0, 104 + 3 * (4 * i_group + i_site) + j] = n9 - gone
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
